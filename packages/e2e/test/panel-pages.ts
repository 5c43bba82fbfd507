/** Pages of the control panel in a real browser, each with what the browser complained about. */
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { onTestFailed } from 'vitest';

export interface OpenedPage {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Errors and warnings of the console, uncaught errors, and violations of the content policy. */
  readonly complaints: readonly string[];
}

export async function openContext(
  browser: Browser,
  options: BrowserContextOptions = {},
): Promise<BrowserContext> {
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    locale: 'en-US',
    timezoneId: 'UTC',
    ...options,
  });
  context.setDefaultTimeout(15_000);
  return context;
}

export async function openPanel(context: BrowserContext, address: string): Promise<OpenedPage> {
  const page = await context.newPage();
  const complaints: string[] = [];
  onTestFailed(() => {
    if (complaints.length > 0) process.stderr.write(`${page.url()} complained:\n${complaints.join('\n')}\n`);
  });
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning')
      complaints.push(`${message.type()}: ${message.text()} (${message.location().url})`);
  });
  page.on('pageerror', (error) => complaints.push(`uncaught: ${error.message}`));
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== new URL(address).origin)
      complaints.push(`foreign request: ${request.url()}`);
  });
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) =>
      console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`),
    );
  });
  await page.goto(address);
  // The link leads through the door to the page itself.
  await page.locator('.app').waitFor();
  return { page, context, complaints };
}

/** The texts of the action log as they stand on the page, in order. */
export const logTexts = (page: Page): Promise<readonly string[]> =>
  page.locator('.log-row .l-text').allInnerTexts();

/** Contrast of two colours written as #rgb or #rrggbb, after WCAG. */
export function contrast(one: string, other: string): number {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return ((light ?? 0) + 0.05) / ((dark ?? 0) + 0.05);
}

function luminance(colour: string): number {
  const digits =
    colour.length === 4
      ? (colour.slice(1).match(/./g) ?? []).map((digit) => digit + digit)
      : (colour.slice(1).match(/../g) ?? []);
  const [red = 0, green = 0, blue = 0] = digits.map((pair) => {
    const part = Number.parseInt(pair, 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
