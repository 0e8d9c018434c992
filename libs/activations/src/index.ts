export type { ActivationEnd } from './activation.entity';
export { Activation, ACTIVATION_ENDS } from './activation.entity';
export { ActivationsModule } from './activations.module';
export type { SeatMode } from './seats/license-seats.entity';
export { LicenseSeats } from './seats/license-seats.entity';
