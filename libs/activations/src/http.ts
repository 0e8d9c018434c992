export { SeatTermsDto, SeatsInUseDto, SeatsOfTokenDto } from './http/seat-terms.dto';
export { SeatNumbersDto, SeatsDto } from './http/seats-input.dto';
