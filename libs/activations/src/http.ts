export { SeatTermsDto, SeatsInUseDto, SeatsOfTokenDto } from './http/seat-terms.dto';
export { SeatNumbersDto, SeatsDto } from './http/seats-input.dto';
export {
  ActivationDto,
  ActivationPageDto,
  ActivationResultsDto,
  HeldActivationDto,
} from './http/activation.dto';
export {
  ActivateDto,
  ActivationHolderDto,
  EndActivationDto,
  HeartbeatDto,
  HeartbeatsDto,
  ListActivationsDto,
  NamedActivationDto,
} from './http/activation-input.dto';
export { AnActivationId } from './http/activation-id';
export { InspectedRequestDto, InspectRequestDto } from './http/inspected-request.dto';
export { OfflineActivationDto, OfflineRequestDto } from './http/offline-file.dto';
