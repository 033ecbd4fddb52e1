const TYPES = new Set([
  'ssh-ed25519',
  'ssh-rsa',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'sk-ssh-ed25519@openssh.com',
  'sk-ecdsa-sha2-nistp256@openssh.com',
]);

export interface SshKeyLine {
  line: string;
  /** Its comment, or its type where it has none. */
  label: string;
  problem: string | null;
}

/** The public keys in what was pasted, one a line, each with what is wrong with it. The API looks closer. */
export const sshKeyLines = (text: string): SshKeyLine[] =>
  text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter(Boolean)
    .map((line) => ({ line, label: labelOf(line), problem: problemOf(line) }));

function labelOf(line: string): string {
  const [type = '', , ...comment] = line.split(' ');
  return comment.length > 0 ? `${comment.join(' ')} (${type})` : type.slice(0, 40);
}

function problemOf(line: string): string | null {
  if (line.includes('PRIVATE KEY'))
    return 'This is a private key. Paste the public one, from the file that ends with .pub.';
  const [type = '', base64 = ''] = line.split(' ');
  if (!TYPES.has(type)) return 'A key begins with its type, such as ssh-ed25519.';
  try {
    const blob = atob(base64);
    const length = new DataView(Uint8Array.from(blob.slice(0, 4), (c) => c.charCodeAt(0)).buffer).getUint32(
      0,
    );
    return blob.slice(4, 4 + length) === type ? null : 'The key is not whole.';
  } catch {
    return 'The key is not whole.';
  }
}
