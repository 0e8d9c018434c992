import axe from 'axe-core';
import { existsSync } from 'node:fs';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

const CHROMIUM = '/usr/bin/chromium';
export const hasChromium = existsSync(CHROMIUM);
/** Under CI a missing tool is a failure, not a reason to skip. */
export const mayTest = hasChromium || process.env.CI === 'true';

const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
/** Other tests share the machine. */
const PATIENCE_MS = 60_000;

/** A page of the console, as one person sees it. */
export class ConsolePage {
  /** What the browser complained of: blocked by the policy, thrown, or said by the page. */
  readonly complaints: string[] = [];
  /** Every address that was asked for, or shown. */
  readonly addresses: string[] = [];

  private constructor(
    readonly page: Page,
    private readonly context: BrowserContext,
    readonly url: string,
  ) {}

  /** Opens a page with nothing in it. */
  static async open(
    browser: Browser,
    url: string,
    { width = 1200, dark = false, locale = 'en-GB' } = {},
  ): Promise<ConsolePage> {
    const context = await browser.newContext({
      viewport: { width, height: 800 },
      colorScheme: dark ? 'dark' : 'light',
      reducedMotion: 'reduce',
      locale,
    });
    context.setDefaultTimeout(PATIENCE_MS);
    const page = await context.newPage();
    const self = new ConsolePage(page, context, url);
    page.on('console', (message) => {
      // A refusal by the server is no fault of the page; it shows it.
      const isRefusal = message.text().startsWith('Failed to load resource');
      if (['error', 'warning'].includes(message.type()) && !isRefusal) self.complaints.push(message.text());
    });
    page.on('pageerror', (error) => self.complaints.push(error.message));
    page.on('dialog', (dialog) => {
      self.complaints.push(`a script ran: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('request', (request) => self.addresses.push(request.url()));
    page.on('framenavigated', (frame) => self.addresses.push(frame.url()));
    return self;
  }

  /** Goes to a path under /console; waits for the heading. */
  async go(path: string): Promise<void> {
    await this.page.goto(`${this.url}/console${path}`);
    await this.page.locator('h1').waitFor();
  }

  async signIn(key: string): Promise<void> {
    await this.page.getByLabel(/^(API key|Clé d’API)$/).fill(key);
    await this.page.getByRole('button', { name: /^(Sign in|Se connecter)$/ }).click();
    await this.page.getByRole('button', { name: /^(Sign out|Se déconnecter)$/ }).waitFor();
  }

  /** Waits until the page has what it asked for. */
  async settled(): Promise<void> {
    const loading = this.page.locator('.loading');
    while ((await loading.count()) > 0) await loading.first().waitFor({ state: 'hidden' });
  }

  /** What axe-core finds that is serious: the rule, and where. */
  async seriousFindings(): Promise<string[]> {
    // As the debugger does: the page's policy lets no page add a script.
    await this.page.evaluate(axe.source);
    const { violations } = await this.page.evaluate<axe.AxeResults>(
      `axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] })`,
    );
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
  }

  /** How far the page reaches beyond its right edge, in pixels. */
  overflow(): Promise<number> {
    return this.page.evaluate<number>('document.documentElement.scrollWidth - window.innerWidth');
  }

  /** What scripts can read in the browser. */
  kept(): Promise<string> {
    return this.page.evaluate<string>(
      'JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, history.state])',
    );
  }

  close(): Promise<void> {
    return this.context.close();
  }
}

/** Starts the browser. */
export function startBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });
}
