import type { MigrationInterface, QueryRunner } from 'typeorm';

const sessions = `
-- Browsers that are signed in. A session may do what its token may, and ends with it at the latest.
CREATE TABLE sessions (
  id uuid PRIMARY KEY,
  token_id uuid NOT NULL REFERENCES tokens(id),
  -- Whether the token was made for this session alone (sign-in by OIDC) and is revoked with it.
  owns_token boolean NOT NULL,
  hash bytea NOT NULL UNIQUE,
  csrf_token text NOT NULL,
  -- Of the person, where a provider tells it; else the token's.
  name text NOT NULL,
  -- Whom the provider calls so ("sub"); null where a token was typed in.
  subject text,
  created_at timestamptz NOT NULL DEFAULT now(),
  -- Coarse, as tokens.last_used_at.
  last_used_at timestamptz NOT NULL DEFAULT now(),
  -- How long it may be left unused: kept with it, so that whoever clears up needs no setting of the API's.
  idle_ms integer NOT NULL CHECK (idle_ms > 0),
  expires_at timestamptz NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX sessions_token ON sessions (token_id);
`;

/** Sign-in of the dashboard. See docs/architecture/sign-in.md. */
export class Sessions1763830000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(sessions);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE sessions');
  }
}
