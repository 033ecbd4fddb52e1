import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from '@mantine/core';

/** Harbour blue; shades 7–9 hold white text, 0–3 hold dark text, at 4.5:1 and more. */
const berth: MantineColorsTuple = [
  '#e6f5fa',
  '#cfe8f1',
  '#a0d1e2',
  '#6db9d3',
  '#47a4c6',
  '#3097be',
  '#2087ae',
  '#0f6f93',
  '#0b5d7a',
  '#064a63',
];

/** The dark scheme's greys, with a touch of the same blue. */
const dark: MantineColorsTuple = [
  '#d3dae0',
  '#b8c2cb',
  '#a3b0bc',
  '#7d8a96',
  '#3d4954',
  '#2d3741',
  '#212a33',
  '#1a2128',
  '#12171c',
  '#0c1014',
];

export const theme = createTheme({
  colors: { berth, dark },
  primaryColor: 'berth',
  primaryShade: { light: 8, dark: 7 },
  autoContrast: true,
  defaultRadius: 'md',
  fontFamily:
    'Inter, ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif',
  fontFamilyMonospace:
    'ui-monospace, SFMono-Regular, Menlo, "Cascadia Mono", "DejaVu Sans Mono", "Liberation Mono", monospace',
  headings: { fontWeight: '650' },
  components: {
    Tooltip: { defaultProps: { withArrow: true, openDelay: 300 } },
    Notification: { defaultProps: { closeButtonProps: { 'aria-label': 'Dismiss' } } },
    // Without, what fades in or out is half transparent to a reader with little sight, and to tests.
    Modal: {
      defaultProps: { transitionProps: { duration: 0 }, closeButtonProps: { 'aria-label': 'Close' } },
      styles: {
        content: { background: 'var(--berth-surface)' },
        header: { background: 'var(--berth-surface)' },
        title: { fontWeight: 650 },
      },
    },
    // A title in a border's colour is too faint on dark.
    Alert: { styles: { title: { color: 'var(--mantine-color-text)' } } },
    Menu: { defaultProps: { transitionProps: { duration: 0 } } },
    Drawer: { defaultProps: { transitionProps: { duration: 0 } } },
  },
});

/** Mantine's own greys for secondary text are below 4.5:1 (WCAG AA); these are above, on a card as well as on the page. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-body': '#f6f8fa',
    '--mantine-color-dimmed': '#55606b',
    '--mantine-color-placeholder': '#66717c',
    '--mantine-color-error': '#b42318',
    '--berth-surface': '#ffffff',
    '--berth-border': '#dde3e9',
    '--berth-hover': '#eef3f7',
  },
  dark: {
    '--mantine-color-body': '#12171c',
    '--mantine-color-dimmed': '#a3b0bc',
    '--mantine-color-placeholder': '#8d9aa6',
    '--mantine-color-error': '#ff9a8f',
    '--mantine-color-anchor': '#6db9d3',
    '--berth-surface': '#1a2128',
    '--berth-border': '#2d3741',
    '--berth-hover': '#222b33',
  },
});
