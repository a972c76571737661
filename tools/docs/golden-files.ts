import { contractsOf, publishingServices } from '@tongchou/contracts';
import { asJson } from './printed-file.ts';
import type { PrintedFile } from './printed-file.ts';

/** Today's version of each published fact as its first golden event. */
export function goldenFiles(): PrintedFile[] {
  return publishingServices.flatMap((service) =>
    Object.entries(contractsOf(service)).map(([type, { version, example }]) => ({
      path: `libs/contracts/golden/${service}/${type}.v${version}.json`,
      keptForEver: true as const,
      content: () => asJson(example),
    })),
  );
}
