import type { Progress } from '../image-cache';

export type TemplateName = 'debian-12' | 'debian-13' | 'busybox';

export interface TemplateRecipe {
  name: TemplateName;
  description: string;
  /** Changes when the template would. */
  key: string;
  /** Writes the tarball to `target` (`….tar.zst`). */
  build(target: string, progress: Progress): Promise<void>;
}
