import { randomBytes } from 'node:crypto';

/** 24 characters of 6 random bits each; none that a shell, or a person reading it aloud, would trip over but - and _. */
export const newRootPassword = (): string => randomBytes(18).toString('base64url');
