import type { Browser } from 'playwright-core';
import { ConsolePage, hasChromium, mayTest, startBrowser } from '../../support/console/console-browser';
import { aCustomer, aLicense, anApiKey } from '../../support/factories';
import { freePort } from '../../support/processes/free-port';
import { Processes, type ServerProcess } from '../../support/processes/server-process';
import { Client } from '../../support/requests/client';

const browserIt = mayTest ? it : it.skip;
const because = hasChromium ? '' : ' (Chromium is not installed: Debian package chromium)';

/** Would run, if a text became markup. */
const HOSTILE = `<img src=x onerror="alert('name')"><script>alert(1)</script>`;
const REVOKED = 'it’s <b>over</b> & "done"';

describe('the console in a browser', () => {
  const processes = new Processes();
  let server: ServerProcess;
  let browser: Browser | undefined;
  let admin: Client;
  let adminKey: string;
  let tab: ConsolePage;

  beforeAll(async () => {
    if (!mayTest) return;
    const port = String(await freePort());
    const started = processes.server({
      ENVIRONMENT: 'test',
      DATA_DIR: processes.emptyFolder(),
      PORT: port,
      PUBLIC_URL: `http://127.0.0.1:${port}`,
      RATE_LIMIT_ENABLED: 'false',
    });
    [server, browser] = await Promise.all([started.ready(), startBrowser()]);
    [, adminKey = ''] = /admin API key: (\S+)/.exec(server.stdout) ?? [];
    admin = new Client(server.url, adminKey);
    tab = await open();
  }, 300_000);
  afterAll(async () => {
    await browser?.close();
    await processes.close();
  });
  afterEach(() => {
    if (mayTest) expect(tab.complaints).toEqual([]);
  });

  const open = (options?: Parameters<typeof ConsolePage.open>[2]): Promise<ConsolePage> =>
    ConsolePage.open(browser!, server.url, options);
  const button = (name: string, within = tab.page.locator('body')) =>
    within.getByRole('button', { name, exact: true });
  const field = (label: string | RegExp) => tab.page.getByLabel(label);
  const license = async (id: string): Promise<Record<string, unknown>> =>
    (await admin.get(`/api/v1/licenses/${id}`)).body as Record<string, unknown>;

  browserIt(
    `is built at its first visit, and lets in who has a key${because}`,
    async () => {
      await tab.page.goto(`${server.url}/console/customers?q=acme`);
      await field('API key').waitFor();
      await field('API key').fill('aegis_test_wrong');
      await button('Sign in').click();
      await tab.page.getByText('This API key is not known, or has ended.').waitFor();
      await tab.signIn(adminKey);
      // The address says still where to go.
      await tab.page.getByRole('heading', { name: 'Customers' }).waitFor();
      expect(await field('Search').inputValue()).toBe('acme');
      const kept = await tab.kept();
      const [, , cookies] = JSON.parse(kept) as unknown[];
      expect(cookies).toBe('');
      for (const secret of [adminKey, 'aegis_session']) expect(kept).not.toContain(secret);
      expect(tab.addresses.join('\n')).not.toContain(adminKey);
    },
    180_000,
  );

  browserIt(
    `shows the whole life of a license by clicking${because}`,
    async () => {
      const { page } = tab;
      await tab.go('/customers/new');
      await field('Id').fill('life');
      await field(/^Name/).fill(HOSTILE);
      await field(/^Notes/).fill(HOSTILE);
      await button('Add').click();
      await page.getByRole('heading', { name: HOSTILE }).waitFor();
      await page.getByRole('link', { name: 'Issue a license' }).click();
      // Until then the page of the customer is shown.
      await page.getByRole('heading', { name: 'Issue a license' }).waitFor();

      expect(await field('Customer').inputValue()).toBe('life');
      await field('Module').fill('payroll');
      await field('Versions').fill('17, 18');
      await field('Days').first().fill('30');
      await field(/^Number of seats/).fill('2');
      await field(/^Entitlements/).fill('multi_company\nmax_employees=250');
      await field(/^Notes/).fill(HOSTILE);
      await button('Issue').click();
      await page.getByText('The license is issued.').waitFor();
      const id = new URL(page.url()).pathname.split('/').at(-1)!;
      expect(await license(id)).toMatchObject({
        customer_id: 'life',
        allowed_major_versions: ['17', '18'],
        seats: { max: 2, mode: 'fixed' },
        entitlements: { multi_company: true, max_employees: 250 },
        notes: HOSTILE,
      });
      const firstEnd = (await license(id)).expires_at;

      const dialog = page.getByRole('dialog');
      const alert = page.getByRole('alertdialog');
      await button('Renew').click();
      await dialog.getByLabel('Days').fill('0');
      await button('Renew', dialog).click();
      // The rule is at its field, and nothing is lost.
      await dialog.locator('.field', { hasText: 'Days' }).locator('.error').waitFor();
      await dialog.getByLabel('Days').fill('365');
      await button('Renew', dialog).click();
      await page.getByText('The license is renewed.').waitFor();
      expect((await license(id)).expires_at).not.toBe(firstEnd);

      await button('Reissue').click();
      await dialog.getByLabel('Versions').fill('18 19');
      await dialog.getByLabel(/^Withdraw/).check();
      await button('Reissue', dialog).click();
      await page.getByText('The license is reissued.').waitFor();
      expect(await license(id)).toMatchObject({ allowed_major_versions: ['18', '19'], revision: 3 });

      for (const [action, done, status] of [
        ['Suspend', 'The license is suspended.', 'suspended'],
        ['Reinstate', 'The license is reinstated.', 'active'],
      ] as const) {
        await button(action).click();
        await dialog.getByLabel('Reason').fill('invoice');
        await button(action, dialog).click();
        await page.getByText(done).waitFor();
        expect(await license(id)).toMatchObject({ status });
      }

      await button('Revoke').click();
      await alert.getByText(`payroll of ${HOSTILE}`).waitFor();
      await alert.getByText('This is final').waitFor();
      await button('Cancel', alert).click();
      await alert.waitFor({ state: 'detached' });
      await page.locator('button:focus', { hasText: 'Revoke' }).waitFor();
      expect(await license(id)).toMatchObject({ status: 'active' });
      await button('Revoke').click();
      await alert.getByLabel('Reason').fill(REVOKED);
      await button('Revoke', alert).click();
      await page.getByText('The license is revoked.').waitFor();
      expect(await license(id)).toMatchObject({ status: 'revoked', revoked_reason: REVOKED });
      await page.getByText(REVOKED).first().waitFor();
      await page.locator('h1:focus').waitFor();
      const history = page.getByRole('region', { name: 'History' });
      for (const event of ['issued', 'renewed', 'reissued', 'suspended', 'reinstated', 'revoked'])
        await history.getByText(`license.${event}`).waitFor();
      expect(await button('Renew').count()).toBe(0);
    },
    180_000,
  );

  browserIt(
    `issues, renews and revokes by keyboard${because}`,
    async () => {
      const { page } = tab;
      const customer = await aCustomer(admin);
      const { keyboard } = page;
      /** Moves by Tab until what has the focus is called so. */
      const tabTo = async (name: string): Promise<void> => {
        for (let count = 0; count < 60; count += 1) {
          await keyboard.press('Tab');
          const focused = await page.evaluate<string>(
            `(({ activeElement: e }) => (e.labels?.[0]?.textContent ?? e.textContent).trim())(document)`,
          );
          if (focused.startsWith(name)) return;
        }
        throw new Error(`Tab does not reach ${name}`);
      };
      await tab.go('/licenses');
      await tab.settled();
      await tabTo('Issue a license');
      await keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Issue a license' }).waitFor();
      for (const [label, text] of [
        ['Customer', customer.id],
        ['Module', 'crm'],
        ['Versions', '17'],
        ['Days', '10'],
      ] as const) {
        await tabTo(label);
        await keyboard.type(text);
      }
      await keyboard.press('Escape');
      await keyboard.press('Enter');
      await page.getByText('The license is issued.').waitFor();
      const id = new URL(page.url()).pathname.split('/').at(-1)!;
      await tabTo('Renew');
      await keyboard.press('Enter');
      await page.getByRole('dialog').waitFor();
      await tabTo('Days');
      await keyboard.press('Enter');
      await page.getByText('The license is renewed.').waitFor();
      await tabTo('Revoke');
      await keyboard.press('Enter');
      await page.getByRole('alertdialog').waitFor();
      await page.getByRole('alertdialog').getByLabel('Reason').waitFor();
      await keyboard.type('by keyboard');
      await tabTo('Revoke');
      await keyboard.press('Enter');
      await page.getByText('The license is revoked.').waitFor();
      expect(await license(id)).toMatchObject({ status: 'revoked', revoked_reason: 'by keyboard' });
    },
    180_000,
  );

  browserIt(
    `keeps what was typed when the session ends${because}`,
    async () => {
      const { page } = tab;
      await tab.go('/customers/new');
      await field('Id').fill('kept');
      await field(/^Name/).fill('Kept Company');
      const current = await page.evaluate<{ id: string }>(
        `fetch('/api/v1/sessions/current', { headers: { 'X-Aegis-Console': '1' } }).then((one) => one.json())`,
      );
      expect((await admin.delete(`/api/v1/sessions/${current.id}`)).status).toBe(204);
      await button('Add').click();
      const dialog = page.getByRole('dialog');
      await dialog.getByText('Your session has ended').waitFor();
      await page.keyboard.press('Escape');
      await dialog.getByLabel('API key').fill(adminKey);
      await button('Sign in', dialog).click();
      await dialog.waitFor({ state: 'detached' });
      expect(await field('Id').inputValue()).toBe('kept');
      await button('Add').click();
      await page.getByRole('heading', { name: 'Kept Company' }).waitFor();
    },
    120_000,
  );

  browserIt(
    `finds the license of a pasted token, which is in no address${because}`,
    async () => {
      const { page } = tab;
      const { id, token } = await aLicense(admin);
      await tab.go('/licenses');
      await field('Search').fill(token);
      await button('Search').click();
      await page.waitForURL(`**/licenses/${id}`);
      const kept = await tab.kept();
      for (const part of token.split('.')) {
        expect(tab.addresses.join('\n')).not.toContain(part);
        expect(kept).not.toContain(part);
      }
    },
    60_000,
  );

  browserIt(
    `says to support which check failed, and what to do${because}`,
    async () => {
      const { page } = tab;
      const { token } = await aLicense(admin);
      const ask = async (text: string, module: string): Promise<void> => {
        await page.getByRole('textbox', { name: 'Token' }).fill(text);
        await field(/^Module/).fill(module);
        await field(/^Version/).fill('17.0');
        await button('Check the token').click();
      };
      await tab.go('/support');
      await ask(token, 'payroll');
      await page.getByText('Valid VALID').waitFor();
      await ask(token, 'crm');
      await page.getByText('MODULE_MISMATCH').waitFor();
      await page.getByText('It is for another module than the one that asked.').waitFor();
      await page.getByRole('region', { name: 'What the token says' }).waitFor();
      await ask(token.replace(/.{20}$/, 'A'.repeat(20)), 'payroll');
      await page.getByText('SIGNATURE_INVALID').waitFor();
      await page.getByText('The token is not on record').waitFor();
    },
    60_000,
  );

  browserIt(
    `shows nobody what the key does not allow${because}`,
    async () => {
      const { id } = await aLicense(admin);
      const { key } = await anApiKey(admin, { name: HOSTILE, scopes: ['licenses:read'] });
      const reader = await open();
      await reader.go(`/licenses/${id}`);
      await reader.signIn(key);
      await reader.page.getByRole('heading', { name: 'License payroll' }).waitFor();
      await reader.page.getByText('does not have the scope audit:read').waitFor();
      for (const action of ['Renew', 'Reissue', 'Suspend', 'Revoke'])
        expect(await reader.page.getByRole('button', { name: action }).count()).toBe(0);
      await reader.go('/customers');
      await reader.page.getByText('does not have the scope customers:read').waitFor();
      await reader.go('/licenses/new');
      await reader.page.getByText('does not have the scope licenses:issue').waitFor();
      expect(reader.complaints).toEqual([]);
      await reader.close();
    },
    60_000,
  );

  browserIt(
    `speaks French, and remembers it${because}`,
    async () => {
      const french = await open({ locale: 'fr-FR' });
      await french.go('/licenses');
      await french.signIn(adminKey);
      await french.page.getByRole('heading', { name: 'Licences' }).waitFor();
      expect(await french.page.evaluate('document.documentElement.lang')).toBe('fr');
      await french.page.getByLabel('Langue').selectOption('en');
      await french.page.getByRole('heading', { name: 'Licenses' }).waitFor();
      await french.page.reload();
      await french.page.getByRole('heading', { name: 'Licenses' }).waitFor();
      expect(french.complaints).toEqual([]);
      await french.close();
    },
    60_000,
  );

  browserIt(
    `has no serious finding of axe-core on any screen, in light and dark, and fits into 320 pixels${because}`,
    async () => {
      const customer = await aCustomer(admin, { name: 'W'.repeat(200), company: HOSTILE });
      const { id } = await aLicense(admin, {
        customer_id: customer.id,
        module_name: 'm'.repeat(80),
        license_type: 'subscription',
        duration_days: 30,
        notes: 'n'.repeat(300),
        seats: { max: 1, mode: 'floating' },
      });
      const paths = [
        '/licenses',
        '/licenses?q=nothing-has-this',
        `/licenses/${id}`,
        '/licenses/new',
        '/customers',
        `/customers/${customer.id}`,
        `/customers/${customer.id}/edit`,
        '/customers/new',
        '/support',
        '/licenses/00000000-0000-4000-8000-000000000000',
        '/nothing',
      ];
      const views = [{ width: 1200 }, { width: 320, dark: true }];
      for (const view of views) {
        const looked = await open(view);
        const look = async (name: string): Promise<void> => {
          await looked.settled();
          expect([name, view, await looked.seriousFindings()]).toEqual([name, view, []]);
          expect([name, view, (await looked.overflow()) <= 0]).toEqual([name, view, true]);
        };
        await looked.go('/licenses');
        await look('sign-in');
        await looked.signIn(adminKey);
        for (const path of paths) {
          await looked.go(path);
          await look(path);
        }
        for (const action of ['Renew', 'Reissue', 'Suspend', 'Revoke']) {
          await looked.go(`/licenses/${id}`);
          await looked.page.getByRole('button', { name: action, exact: true }).click();
          await looked.page.locator('.dialog').waitFor();
          await look(action);
        }
        expect(looked.complaints).toEqual([]);
        await looked.close();
      }
    },
    240_000,
  );

  browserIt(
    `ends the session when somebody signs out${because}`,
    async () => {
      await tab.go('/licenses');
      await button('Sign out').click();
      await field('API key').waitFor();
      await tab.page.reload();
      await field('API key').waitFor();
      const status = await tab.page.evaluate<number>(
        `fetch('/api/v1/licenses', { headers: { 'X-Aegis-Console': '1' } }).then((one) => one.status)`,
      );
      expect(status).toBe(401);
    },
    60_000,
  );
});
