import type { Grant, Principal } from '@tongchou/access';
import type { Actor } from '@tongchou/kernel';

/** Who acts, as facts tell it for ever: by the role that allows it. */
export const actorOf = ({ subject, onBehalfOf }: Principal, grant: Pick<Grant, 'role'>): Actor => ({
  subject,
  role: grant.role,
  ...(onBehalfOf !== undefined && { onBehalfOf }),
});
