import { useState } from 'react';

const dismissedOf = new Map<string, string>();

/** The id of the news that was read away last, for as long as the page lives: it doesn't come back with every visit. */
export function useDismissed(topic: string): [string | undefined, (id: string) => void] {
  const [id, setId] = useState(dismissedOf.get(topic));
  const dismiss = (read: string) => {
    dismissedOf.set(topic, read);
    setId(read);
  };
  return [id, dismiss];
}
