import type { Settings } from './define-config.ts';

/** The text of `.env.example`: every setting with its purpose, what is allowed, and an example that is commented out. */
export function envExample(shape: Settings): string {
  const parts = Object.values(shape).map((one) =>
    [
      `# ${one.about}`,
      `# Allowed: ${one.allowed}.${one.type.safeParse(undefined).success ? '' : ' Required.'}`,
      ...(one.secret ? [`# A secret: may also be given as ${one.name}_FILE, the path of a file that holds it.`] : []),
      `# ${one.name}=${one.example}`,
    ].join('\n'),
  );
  return `${parts.join('\n\n')}\n`;
}
