import { Injectable } from '@nestjs/common';

@Injectable()
export class ObserverLoop {
  start(): void {}

  async stop(): Promise<void> {}
}
