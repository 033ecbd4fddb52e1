export interface EnvironmentProblem {
  /** The variable's name; never its value, which may be a secret. */
  variable: string;
  problem: string;
}

/** The environment can't be used. The message lists every problem by the variable's name, never a value. */
export class EnvironmentError extends Error {
  constructor(readonly problems: EnvironmentProblem[]) {
    const list = problems.map(({ variable, problem }) => `  ${variable}: ${problem}`).join('\n');
    super(`the environment can't be used; set or correct these variables:\n${list}`);
    this.name = 'EnvironmentError';
  }
}
