import { momentsCheck } from '@aegis/database';
import { Check, Column, Entity, Index, PrimaryColumn, Unique } from 'typeorm';

/** `pending` is published and does not sign, `active` signs, `retired` verifies, `compromised` verifies nothing. */
export type SigningKeyState = 'pending' | 'active' | 'retired' | 'compromised';

/** A key of this server as the database knows it: the truth about which keys there are and what they may do. */
@Entity('signing_keys')
@Check('signing_keys_kid_format', `kid ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,49}$'`)
@Check('signing_keys_alg', `alg = 'EdDSA'`)
@Check('signing_keys_public_key_format', `public_key ~ '^[A-Za-z0-9_-]{43}$'`)
@Check('signing_keys_state', `state IN ('pending', 'active', 'retired', 'compromised')`)
@Check(
  'signing_keys_compromised',
  `(state = 'compromised') = (compromised_at IS NOT NULL) AND (compromised_after IS NULL OR state = 'compromised')`,
)
@Check('signing_keys_moments', momentsCheck('created_at', 'activated_at', 'retired_at', 'compromised_after'))
@Unique('signing_keys_public_key_unique', ['public_key'])
@Index('signing_keys_one_active', { synchronize: false })
export class SigningKey {
  @PrimaryColumn({ type: 'text' })
  kid!: string;

  @Column({ type: 'text' })
  alg!: 'EdDSA';

  /** The 32 bytes of the Ed25519 public key in base64url, as `x` in its JWK (RFC 8037). */
  @Column({ type: 'text' })
  public_key!: string;

  @Column({ type: 'text' })
  state!: SigningKeyState;

  @Column({ type: 'timestamptz', precision: 3, default: () => 'clock_timestamp()' })
  created_at!: Date;

  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  activated_at!: Date | null;

  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  retired_at!: Date | null;

  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  compromised_at!: Date | null;

  /** With a time, tokens recorded up to it still count; without one, none does. */
  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  compromised_after!: Date | null;
}

/** The moment at which a key came into its state. */
export function stateSince(
  key: Pick<SigningKey, 'state' | 'created_at' | 'activated_at' | 'retired_at' | 'compromised_at'>,
): Date {
  const since = {
    pending: key.created_at,
    active: key.activated_at,
    retired: key.retired_at,
    compromised: key.compromised_at,
  }[key.state];
  return since ?? key.created_at;
}
