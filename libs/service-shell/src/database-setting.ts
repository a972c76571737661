import { z } from 'zod';
import { setting } from './define-config.ts';

const databaseUrl = z.string().refine((text) => {
  const url = URL.parse(text);
  return url !== null && /^postgres(ql)?:$/.test(url.protocol) && url.pathname.length > 1;
});

/** A database's address: server, user, password and database name in one. */
export const databaseSetting = (name: string, about: string, owner: string) =>
  setting({
    name,
    about,
    type: databaseUrl,
    allowed: 'postgres://USER:PASSWORD@HOST:PORT/DATABASE',
    example: `postgres://${owner}:change-me@127.0.0.1:5432/${owner}`,
    secret: true,
  });
