import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import { Processes, type ServerProcess } from '../support/processes/server-process';

const CHROMIUM = '/usr/bin/chromium';
const hasChromium = existsSync(CHROMIUM);
// Under CI a missing tool is a failure, not a reason to skip.
const browserIt = hasChromium || process.env.CI === 'true' ? it : it.skip;
const because = hasChromium ? '' : ' (Chromium is not installed: Debian package chromium)';
const NO_CALLS_HOME = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

describe('Swagger UI in a browser', () => {
  const processes = new Processes();
  /** What the browser complained of: blocked by the policy, not found, thrown. */
  const complaints: string[] = [];
  let server: ServerProcess;
  let browser: Browser | undefined;
  let page: Page;

  beforeAll(async () => {
    if (!hasChromium && process.env.CI !== 'true') return;
    server = await processes.server({ ENVIRONMENT: 'test', DATA_DIR: processes.emptyFolder() }).ready();
    browser = await chromium.launch({ executablePath: CHROMIUM, args: NO_CALLS_HOME });
    page = await browser.newPage();
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
  });
  afterAll(async () => {
    await browser?.close();
    await processes.close();
  });

  /** Opens an operation, fills it in, executes it. */
  async function execute(
    operation: string,
    { id, body }: { id?: string; body?: unknown },
  ): Promise<{ status: string; answer: Record<string, unknown> }> {
    const block = page.locator(`[id="operations-${operation}"]`);
    await block.locator('.opblock-summary-control').click();
    await block.getByRole('button', { name: 'Try it out' }).click();
    if (id !== undefined) await block.locator('tr[data-param-name="id"] input').fill(id);
    if (body !== undefined) await block.locator('.body-param textarea').fill(JSON.stringify(body));
    await block.getByRole('button', { name: 'Execute' }).click();
    const live = block.locator('.live-responses-table');
    const status = (await live.locator('td.response-col_status:not(.col_header)').innerText()).trim();
    const answer = await live
      .locator('td.response-col_description .highlight-code')
      .first()
      .locator('code')
      .innerText();
    return { status, answer: JSON.parse(answer) as Record<string, unknown> };
  }

  browserIt(`lets one issue, validate and revoke a license by clicking${because}`, async () => {
    const [, key = ''] = /admin API key: (\S+)/.exec(server.stdout) ?? [];
    await page.goto(`${server.url}/docs`);
    await page.getByRole('button', { name: 'Authorize' }).first().click();
    const dialog = page.locator('.dialog-ux');
    await dialog.getByRole('textbox').first().fill(key);
    await dialog.getByRole('button', { name: 'Apply credentials' }).first().click();
    await dialog.getByRole('button', { name: 'Close' }).first().click();

    const customer = await execute('Customers-createCustomer', { body: { id: 'acme', name: 'Acme' } });
    expect(customer).toMatchObject({ status: '201', answer: { id: 'acme' } });
    const issue = await execute('Licenses-issueLicense', {
      body: {
        customer_id: 'acme',
        module_name: 'payroll',
        allowed_major_versions: ['17'],
        license_type: 'perpetual',
      },
    });
    expect(issue).toMatchObject({ status: '201', answer: { status: 'active' } });
    const { id, token } = issue.answer as { id: string; token: string };
    const question = { token, module_name: 'payroll', odoo_version: '17.0' };
    const valid = await execute('Licenses-validateLicense', { body: question });
    expect(valid).toMatchObject({ status: '200', answer: { valid: true, code: 'VALID' } });
    const revoked = await execute('Licenses-revokeLicense', { id, body: { reason: 'refunded' } });
    expect(revoked).toMatchObject({ status: '200', answer: { status: 'revoked' } });

    const reload = await page.goto(`${server.url}/docs`);
    expect(reload?.headers()['content-security-policy']).not.toMatch(/unsafe-|upgrade-insecure/);
    const after = await execute('Licenses-validateLicense', { body: question });
    expect(after).toMatchObject({ status: '200', answer: { valid: false, code: 'REVOKED' } });
    const kept = await page.evaluate<string>(
      'JSON.stringify([localStorage, sessionStorage, document.cookie])',
    );
    expect(kept).toMatch(/^\[\{.*\},\{.*\},""\]$/);
    expect(kept).not.toContain(key);
    expect(complaints).toEqual([]);
  });

  browserIt(`shows a lock on each operation that needs a key, and on no public one${because}`, async () => {
    await page.goto(`${server.url}/docs`);
    const locked = async (operation: string): Promise<number> =>
      page.locator(`[id="operations-${operation}"] .authorization__btn`).count();
    await page.locator('[id="operations-Licenses-issueLicense"]').waitFor();
    for (const operation of ['Licenses-issueLicense', 'Customers-listCustomers', 'Admin-getMe'])
      expect([operation, await locked(operation)]).toEqual([operation, 1]);
    for (const operation of ['Licenses-validateLicense', 'Licenses-computeFingerprint', 'System-getHealth'])
      expect([operation, await locked(operation)]).toEqual([operation, 0]);
    expect(complaints).toEqual([]);
  });
});
