import { readFileSync } from 'node:fs';
import path from 'node:path';
import { DEBOOTSTRAP_OPTIONS, debootstrap } from '../debootstrap';
import { recipeKey } from '../image-cache';
import type { TemplateRecipe } from './template-recipe';

const PACKAGES =
  'systemd,systemd-sysv,dbus,openssh-server,iproute2,iputils-ping,procps,nftables,less,nano,ca-certificates,tzdata'.split(
    ',',
  );

const CUSTOMIZE_HOOK = path.join(__dirname, '..', '..', 'image', 'template-customize.sh');

/** A Debian server: systemd, sshd, the tools one looks for first. */
export function debianRecipe(
  name: 'debian-12' | 'debian-13',
  description: string,
  suite: string,
): TemplateRecipe {
  return {
    name,
    description,
    key: recipeKey(suite, DEBOOTSTRAP_OPTIONS.join(), PACKAGES.join(), readFileSync(CUSTOMIZE_HOOK, 'utf8')),
    build: (target, progress) =>
      debootstrap({
        title: `template ${name}`,
        suite,
        target,
        packages: PACKAGES,
        customizeHooks: [CUSTOMIZE_HOOK],
        progress,
      }),
  };
}
