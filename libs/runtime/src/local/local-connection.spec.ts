import { describeConnection } from '../shell/connection-suite';
import { LocalConnection } from './local-connection';

describeConnection('local', () => new LocalConnection());
