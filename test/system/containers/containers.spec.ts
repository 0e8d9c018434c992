import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { buildServer, copyOfCheckout, makeBase, makePostgres } from '../../support/containers/images';
import { installPodmanCompose } from '../../support/containers/podman-compose';
import { hasPodman, Podman } from '../../support/containers/podman';
import { describeCompose } from './compose-checks';
import { describeContainer } from './container-checks';
import { describeImage, PLANTED } from './image-checks';
import { describePod } from './pod-checks';

// Under CI a missing tool is a failure, not a reason to skip.
const isPossible = hasPodman() || process.env.CI === 'true';
const describeContainers = isPossible ? describe : describe.skip;
const because = isPossible
  ? ''
  : ' (root and the Debian packages podman, runc, conmon, netavark, aardvark-dns, iptables and tini are needed)';

// One file, because all of it needs the image, which takes longest to make.
describeContainers(`the image, and the compose files with it${because}`, () => {
  const podman = new Podman();
  const began = performance.now();
  const measured: string[] = [];

  const measure = async (what: string, work: Promise<unknown>): Promise<void> => {
    const from = performance.now();
    await work;
    measured.push(`${what} ${((performance.now() - from) / 1000).toFixed(1)} s`);
  };

  beforeAll(async () => {
    const checkout = join(podman.folder, 'checkout');
    copyOfCheckout(checkout);
    for (const [name, secret] of Object.entries(PLANTED)) {
      mkdirSync(dirname(join(checkout, name)), { recursive: true });
      appendFileSync(join(checkout, name), `${secret}\n`);
    }
    await measure('base', makeBase(podman));
    await measure('image of PostgreSQL', makePostgres(podman));
    await measure('image of the server', buildServer(podman, checkout));
    await measure('podman-compose', installPodmanCompose());
  });
  afterAll(async () => {
    await podman.close();
    const total = ((performance.now() - began) / 1000).toFixed(1);
    process.stdout.write(`containers: ${total} s in all; ${measured.join(', ')}\n`);
  });

  describeImage(podman, (line) => measured.push(line));
  describeContainer(podman);
  describePod(podman);
  describeCompose(podman, measure);
});
