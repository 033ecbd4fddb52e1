import { checkLabSupport, Lab, type LabState, type TemplateImage, templateCatalogue } from '@berth/lab';
import { mkdirSync } from 'node:fs';

import type { Console } from '../console';

/** The container hosts on this machine and what can be installed on them. */
export interface LabWorld {
  state: LabState;
  templates: TemplateImage[];
}

/** Brings the lab up; null, with the reasons told, where this machine can't have one. */
export async function bringLabUp(dir: string, hosts: number, console: Console): Promise<LabWorld | null> {
  const support = await checkLabSupport();
  if (!support.supported) {
    const reasons = support.missing.map(({ what, wayOut }) => `${what}: ${wayOut}`).join('; ');
    console.say(`! No lab on this machine, simulated hosts instead. ${reasons}`);
    return null;
  }
  mkdirSync(dir, { recursive: true });
  const onProgress = (message: string) => console.say(`  ${message}`);
  // The host image first: both builds load the same two processors and the same mirror.
  const state = await console.step(`lab with ${hosts} hosts`, () => Lab.open(dir).up({ hosts, onProgress }));
  const templates = await console.step('template images', () => templateCatalogue({ onProgress }));
  return { state, templates };
}
