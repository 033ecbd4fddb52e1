import type { TemplateImage } from '@berth/lab';
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { ApiClient } from '../platform/api-client';
import { inParallel } from '../platform/in-parallel';

/** What a template needs to be offered. */
export interface TemplateOffer {
  name: string;
  description: string;
  source: string;
  sha256: string;
  architecture: string;
}

export const LAB_LOCATION = 'lab';
export const SIMULATED_LOCATION = 'sim';

/** Room for a few servers on each of a thousand hosts; these addresses exist in the simulation only. */
const SIMULATED_POOLS: Record<string, { family: 4 | 6; cidr: string }[]> = {
  [SIMULATED_LOCATION]: [
    { family: 4, cidr: '10.160.0.0/16' },
    { family: 6, cidr: 'fdbe:2700::/32' },
  ],
  [LAB_LOCATION]: [
    { family: 4, cidr: '10.161.0.0/20' },
    { family: 6, cidr: 'fdbe:2701::/32' },
  ],
};

export function offersOf(images: TemplateImage[]): TemplateOffer[] {
  return images.map(({ name, description, path, sha256, architecture }) => ({
    name,
    description,
    source: `file://${path}`,
    sha256,
    architecture,
  }));
}

/** Without a lab nothing unpacks a template, but it is fetched and verified as any other: a small file stands in for each. */
export function simulatedOffers(dir: string): TemplateOffer[] {
  mkdirSync(dir, { recursive: true });
  return ['debian-12', 'debian-13', 'busybox'].map((name) => {
    const content = `stands in for ${name} on simulated hosts\n`;
    const path = join(dir, `${name}.tar`);
    writeFileSync(path, content);
    return {
      name,
      description: `${name} (simulated)`,
      source: `file://${path}`,
      sha256: createHash('sha256').update(content).digest('hex'),
      architecture: 'amd64',
    };
  });
}

export async function offerTemplates(operator: ApiClient, offers: TemplateOffer[]): Promise<void> {
  await inParallel(offers, offers.length, (offer) => operator.ensure('/v1/templates', offer));
}

export async function addPool(
  operator: ApiClient,
  pool: { cidr: string; location: string; family: 4 | 6 },
): Promise<void> {
  await operator.ensure('/v1/ip_pools', pool);
}

/** A location whose hosts exist in the simulation only, with addresses to give away. */
export async function addSimulatedLocation(operator: ApiClient, location: string): Promise<void> {
  await operator.ensure('/v1/locations', { name: location });
  for (const pool of SIMULATED_POOLS[location] ?? []) await addPool(operator, { ...pool, location });
}
