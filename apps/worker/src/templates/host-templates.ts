import type { ContainerRuntime } from '@berth/runtime';
import { Injectable } from '@nestjs/common';
import type { HostRecord } from '../hosts/host-record';
import { TemplateSource } from './template-source';

export interface TemplateRecord {
  sha256: string;
  compression: 'none' | 'gzip' | 'xz' | 'zstd';
  source: string;
}

/** SQL giving a TemplateRecord as one JSON value of the row named `alias`. */
export const templateRecordSql = (alias: string): string =>
  `jsonb_build_object('sha256', ${alias}.sha256, 'compression', ${alias}.compression, 'source', ${alias}.source)`;

export interface ImportOptions {
  signal: AbortSignal;
  /** 0–100; not called where the size is unknown. */
  onProgress: (percent: number) => void;
}

/**
 * Which host has which template, as far as this process has seen. A memory, not the truth: it saves an order the round
 * trip of asking; a host that has lost the template says so when a container is to be made of it.
 */
@Injectable()
export class HostTemplates {
  private readonly seen = new Map<string, Set<string>>();

  constructor(private readonly sources: TemplateSource) {}

  /** Makes the template present unless it is known to be. */
  async ensure(
    host: HostRecord,
    runtime: ContainerRuntime,
    template: TemplateRecord,
    options: ImportOptions,
  ): Promise<'known' | 'present' | 'imported'> {
    if (this.seen.get(host.id)?.has(template.sha256)) return 'known';
    let sizeBytes: number | null = null;
    const open = async () => {
      const opened = await this.sources.open(template.source, options.signal);
      ({ sizeBytes } = opened);
      return opened.stream;
    };
    const outcome = await runtime.ensureTemplate(template, open, {
      signal: options.signal,
      onProgress: (bytes) => {
        if (sizeBytes) options.onProgress((100 * bytes) / sizeBytes);
      },
    });
    const ofHost = this.seen.get(host.id) ?? new Set();
    this.seen.set(host.id, ofHost.add(template.sha256));
    return outcome;
  }

  /** One template that the host turned out not to have; or all of a host that booted, or was enrolled anew. */
  forget(hostId: string, sha256?: string): void {
    if (sha256 === undefined) this.seen.delete(hostId);
    else this.seen.get(hostId)?.delete(sha256);
  }
}
