import { Jobs } from '@aegis/jobs';
import { Injectable } from '@nestjs/common';
import { SealedEndpointKeys } from './sealed-keys';

const PAUSE_MS = 60_000;
const JITTER_MS = 10_000;

/** Moves the keys of webhooks to the current version of SECRETS_KEY, so that an older one can be removed. */
@Injectable()
export class WebhookKeyRenewal {
  constructor(sealed: SealedEndpointKeys, jobs: Jobs) {
    jobs.add({
      name: 'webhook-keys',
      pauseMs: PAUSE_MS,
      jitterMs: JITTER_MS,
      failure: 'keys of webhooks could not be moved to the current SECRETS_KEY; this is retried',
      run: () => sealed.renew(),
    });
  }
}
