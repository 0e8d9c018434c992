"""What license tokens and activation tokens say, and the rules that their claims keep."""
