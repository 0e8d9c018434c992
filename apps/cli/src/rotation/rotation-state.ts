import { ApiKeysModule, PepperUse } from '@aegis/api-keys';
import { Environment, readVersionedSecrets } from '@aegis/config';
import { connectionsOf, roleOfUrl, alternateRole, withConnection } from '@aegis/database';
import { SealedEndpointKeys, WebhookKeysModule } from '@aegis/webhooks';
import { ExitCode } from '../terminal/exit-code';
import type { Output } from '../terminal/output';
import { withServices } from '../services';
import { neededPeppers } from './rotate-peppers';
import { nextRotationStep } from './rotation-steps';

interface SecretState {
  secret: string;
  /** Whether a rotation is under way. */
  under_way: boolean;
  next: string;
}

const USED = ['API_KEY_PEPPERS', 'SECRETS_KEY'] as const;

/** `aegis rotate-secrets status`: no while a rotation is under way. */
export function showRotations(output: Output): Promise<ExitCode> {
  return withServices(USED, [ApiKeysModule, WebhookKeysModule], 'reads', async (services) => {
    const environment = services.get(Environment);
    const step = nextRotationStep(
      readVersionedSecrets(environment.API_KEY_PEPPERS),
      neededPeppers(await services.get(PepperUse).byPepper()),
    );
    const secretsKeyStep = nextRotationStep(
      readVersionedSecrets(environment.SECRETS_KEY ?? []),
      new Set((await services.get(SealedEndpointKeys).byVersion()).keys()),
    );
    const states: SecretState[] = [
      {
        secret: 'API_KEY_PEPPERS',
        under_way: step !== 'add',
        next:
          step === 'wait'
            ? 'aegis api-keys peppers: the keys that it lists still need an older pepper'
            : `aegis rotate-secrets peppers --out <file> (${step})`,
      },
      await applicationState(environment),
      {
        secret: 'MIGRATION_DATABASE_URL',
        under_way: false,
        next: 'aegis rotate-secrets database --role owner --out <file>',
      },
      {
        secret: 'KEY_PASSPHRASE',
        under_way: false,
        next: 'aegis keys rewrap, with NEW_KEY_PASSPHRASE (docs/keys.md)',
      },
      {
        secret: 'SECRETS_KEY',
        under_way: secretsKeyStep !== 'add',
        next: `aegis rotate-secrets secrets-key --out <file> (${secretsKeyStep})`,
      },
    ];
    const underWay = states.some(({ under_way }) => under_way);
    output.end(
      { secrets: states, under_way: underWay },
      states
        .map(({ secret, under_way, next }) => `${secret}${under_way ? ' (under way)' : ''}: ${next}`)
        .join('\n'),
    );
    return underWay ? ExitCode.no : ExitCode.yes;
  });
}

async function applicationState({ DATABASE_URL: url }: Environment): Promise<SecretState> {
  const secret = 'DATABASE_URL';
  if (url === undefined)
    return { secret, under_way: false, next: 'none: the embedded database keeps its own' };
  const role = roleOfUrl(url);
  const roles = await withConnection(url, (client) => connectionsOf(client, [role, alternateRole(role)]));
  const twin = roles.find((one) => one.role !== role);
  const begin = 'aegis rotate-secrets database --role application --out <file>';
  if (!twin) return { secret, under_way: false, next: begin };
  if (twin.isSuccessor)
    return {
      secret,
      under_way: true,
      next: `roll the file of ${twin.role} out as DATABASE_URL: this process still has ${role}`,
    };
  const isNew = roles.some((one) => one.role === role && one.isSuccessor);
  return {
    secret,
    under_way: true,
    next: isNew
      ? `aegis rotate-secrets database --role application --finish (${twin.role}: ${twin.connections} connections)`
      : `${begin}: ${role} and ${twin.role} can both log in, and it is not on record which one is new`,
  };
}
