const HARBOURS = [
  'bergen',
  'bremen',
  'calais',
  'cork',
  'genoa',
  'haifa',
  'kiel',
  'kobe',
  'lagos',
  'lima',
  'lisbon',
  'malmo',
  'oslo',
  'porto',
  'riga',
  'sydney',
  'turku',
  'varna',
];

/** A name that hardly anybody has yet: people who don't care for names need not think of one. */
export function suggestName(): string {
  const harbour = HARBOURS[Math.floor(Math.random() * HARBOURS.length)]!;
  return `${harbour}-${Math.floor(Math.random() * 1679616)
    .toString(36)
    .padStart(4, '0')}`;
}
