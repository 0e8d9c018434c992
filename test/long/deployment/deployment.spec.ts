import { join } from 'node:path';
import { buildServer, copyOfCheckout, makeBase } from '../../support/containers/images';
import { hasPodman, Podman } from '../../support/containers/podman';
import { startContainer } from '../../support/deployment/container-replica';
import { previousRelease } from '../../support/deployment/previous-release';
import { describeDeployment } from '../../system/deployment/deployment-checks';

const ROOT = join(__dirname, '../../..');
const PATIENCE_MS = 1_200_000;

// `npm run test:system` does the same with processes, and with Prometheus and Alertmanager in a hurry.
describe('two servers behind nginx, upgraded to the image', () => {
  const podman = new Podman();

  afterAll(() => podman.close(), PATIENCE_MS);

  describeDeployment(async () => {
    if (!hasPodman()) throw new Error('root and the packages of .ci/packages.txt are needed');
    const checkout = join(podman.folder, 'checkout');
    copyOfCheckout(checkout);
    await makeBase(podman);
    await buildServer(podman, checkout);
    return { previous: previousRelease(), next: ROOT, startNext: startContainer(podman), isShort: false };
  }, PATIENCE_MS);
});
