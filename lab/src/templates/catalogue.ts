import type { Progress } from '../image-cache';

export interface TemplateImage {
  name: 'debian-12' | 'debian-13' | 'busybox';
  description: string;
  path: string;
  sha256: string;
  architecture: 'amd64';
  sizeBytes: number;
}

export async function templateCatalogue(_options: { onProgress?: Progress } = {}): Promise<TemplateImage[]> {
  return [];
}
