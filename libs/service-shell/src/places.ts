import { isWholeCity, type Place, type Reach, reaches } from '@tongchou/access';
import { batched } from './batched.ts';
import type { CommandPlace } from './define-commands.ts';

/** Registrations of this process that the read model may not hold yet; the oldest are forgotten. */
const REMEMBERED = 10_000;

type Load = (projectIds: readonly string[]) => Promise<ReadonlyMap<string, Place>>;

const isWhole = (place: CommandPlace): place is Place => 'districts' in place;

/** Where the project is once the command is done, as far as the command says so. */
function afterwards(place: CommandPlace, known: Place | undefined): Place | undefined {
  if (isWhole(place)) return place;
  return known && 'becomes' in place ? { ...known, ...place.becomes } : undefined;
}

/** Where projects are, for commands of those who do not reach the whole city; look-ups of one moment are one statement. */
export class Places {
  readonly batches = new Map<string, unknown>();
  readonly #load: Load;
  readonly #registered = new Map<string, Place>();

  constructor(load: Load) {
    this.#load = load;
  }

  /**
   * Whether what the command is about is reached: the place that it gives itself, and the one where the project is known to
   * be. A project without any place is reached only by who reaches the whole city.
   */
  async reachedBy(reach: Reach, place: CommandPlace | undefined): Promise<boolean> {
    if (isWholeCity(reach)) return true;
    if (!place) return false;
    const { projectId } = place;
    const loaded = await batched(this, 'places', projectId, this.#load);
    const known = loaded ?? this.#registered.get(projectId);
    const concerned = [known, afterwards(place, known)].filter((one) => one !== undefined);
    return concerned.length > 0 && concerned.every((one) => reaches(reach, one));
  }

  /** A command was stored that says itself where its project is: what follows need not wait for the read model. */
  remember(place: CommandPlace | undefined): void {
    if (!place || !isWhole(place)) return;
    this.#registered.delete(place.projectId);
    this.#registered.set(place.projectId, place);
    const [oldest] = this.#registered.keys();
    if (this.#registered.size > REMEMBERED && oldest !== undefined) this.#registered.delete(oldest);
  }
}
