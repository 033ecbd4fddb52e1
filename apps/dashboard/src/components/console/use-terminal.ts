import '@xterm/xterm/css/xterm.css';
import { FitAddon } from '@xterm/addon-fit';
import { Terminal } from '@xterm/xterm';
import { type RefObject, useEffect, useRef, useState } from 'react';
import { ConsoleConnection, type ConsoleState } from './console-connection';

const THEME = {
  background: '#0d1216',
  foreground: '#e4eaef',
  cursor: '#6db9d3',
  selectionBackground: '#1f5c74',
  black: '#1a2128',
  brightBlack: '#8a98a5',
};

interface UseTerminal {
  serverId: string;
  label: string;
  fontSize: number;
  /** Counted up to connect anew. */
  attempt: number;
  /** Where the focus goes by Ctrl+Shift+ArrowUp. */
  onLeave: () => void;
}

export interface TerminalHandle {
  state: ConsoleState;
  terminal: RefObject<Terminal | null>;
}

/** A terminal in `box`, connected to the server for as long as it is on the page. */
export function useTerminal(box: RefObject<HTMLDivElement | null>, options: UseTerminal): TerminalHandle {
  const { serverId, label, fontSize, attempt, onLeave } = options;
  const [state, setState] = useState<ConsoleState>({ name: 'connecting' });
  const terminal = useRef<Terminal | null>(null);
  const fit = useRef<(() => void) | null>(null);
  const leave = useRef(onLeave);
  leave.current = onLeave;

  useEffect(() => {
    const element = box.current!;
    const term = new Terminal({
      fontSize,
      fontFamily: 'ui-monospace, SFMono-Regular, Menlo, "DejaVu Sans Mono", "Liberation Mono", monospace',
      theme: THEME,
      cursorBlink: true,
      scrollback: 5000,
      screenReaderMode: false,
      minimumContrastRatio: 4.5,
    });
    const addon = new FitAddon();
    term.loadAddon(addon);
    term.open(element);
    term.textarea?.setAttribute('aria-label', label);
    term.attachCustomKeyEventHandler((event) => shortcut(event, term, () => leave.current()));
    fit.current = () => {
      // Behind another tab it has no size, and keeps the one that it had.
      if (element.offsetWidth > 0 && element.offsetHeight > 0) addon.fit();
    };
    fit.current();
    const connection = new ConsoleConnection(
      serverId,
      { columns: term.cols, rows: term.rows },
      { onState: setState, onBytes: (bytes) => term.write(bytes) },
    );
    term.onData((text) => connection.type(text));
    term.onBinary((text) => connection.type(text));
    term.onResize(({ cols, rows }) => connection.resize({ columns: cols, rows }));
    const watch = new ResizeObserver(() => fit.current?.());
    watch.observe(element);
    terminal.current = term;
    connection.start();
    term.focus();
    return () => {
      watch.disconnect();
      connection.stop();
      term.dispose();
      terminal.current = null;
      fit.current = null;
    };
    // The size of the font changes below, without a new shell.
  }, [serverId, attempt]);

  useEffect(() => {
    if (!terminal.current) return;
    terminal.current.options.fontSize = fontSize;
    fit.current?.();
  }, [fontSize]);

  return { state, terminal };
}

/** False: the terminal has nothing to do with this key. */
function shortcut(event: KeyboardEvent, term: Terminal, leave: () => void): boolean {
  if (!event.ctrlKey || !event.shiftKey) return true;
  if (event.key === 'ArrowUp' || event.key === 'Escape') {
    if (event.type === 'keydown') leave();
    event.preventDefault();
    return false;
  }
  if (event.code === 'KeyC' && term.hasSelection()) {
    if (event.type === 'keydown') void navigator.clipboard?.writeText(term.getSelection());
    event.preventDefault();
    return false;
  }
  // The browser pastes by itself.
  return event.code !== 'KeyV';
}
