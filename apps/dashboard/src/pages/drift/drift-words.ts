import { words } from '../../format/words';

interface DriftWords {
  title: string;
  /** What somebody does about it. */
  advice: string;
}

const known: Record<string, DriftWords> = {
  unknown_container: {
    title: 'A container that nobody knows',
    advice: 'It is left alone. Look at it on the host; destroy it there if it is nobody’s.',
  },
  missing_container: {
    title: 'A server without its container',
    advice: 'The server is in error. Bring the container back, or delete the server.',
  },
  undo_failed: {
    title: 'A failed job left something behind',
    advice: 'See the job for the step, and put right by hand what it could not take back.',
  },
};

export const driftKinds = Object.keys(known);

/** What was found, in plain words. */
export const driftWords = (kind: string): DriftWords =>
  known[kind] ?? { title: words(kind), advice: 'See its message.' };
