const KEPT_CHARACTERS = 8192;

/** The tail of what a step had to say. */
export class StepLog {
  private text: string;

  constructor(earlier = '') {
    this.text = earlier;
  }

  add(line: string): void {
    this.text = `${this.text}${line.trimEnd()}\n`.slice(-KEPT_CHARACTERS);
  }

  toString(): string {
    return this.text;
  }
}
