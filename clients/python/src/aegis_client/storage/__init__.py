"""Where state is kept between runs: the clock guard's, the seat's, lists and key sets."""
