import type { Page } from 'playwright-core';

/** The console on a page, as somebody reads it and types into it. */
export class TerminalReader {
  constructor(private readonly page: Page) {}

  private readonly box = () => this.page.locator('[data-console]');

  connected(): Promise<void> {
    return this.page.locator('[data-console="open"]').waitFor();
  }

  async type(text: string): Promise<void> {
    await this.box().locator('textarea').first().focus();
    await this.page.keyboard.type(text);
  }

  /** Waits until the text stands in a row of the terminal: not in one that was typed, which has a prompt before it. */
  async shows(text: string): Promise<void> {
    await this.box().locator('.xterm-rows > div').filter({ hasText: text }).first().waitFor();
  }
}
