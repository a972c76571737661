import { openStore } from '@tongchou/event-store';
import { joinBakery } from './mill.fixture.ts';

// Run as a process of its own, which a spec stops and continues: node --conditions=@tongchou/source, from source.
const [url = '', busUrl = ''] = process.argv.slice(2);
const store = await openStore({ url, service: 'bakery' });
await joinBakery(store, busUrl, 1_500);
process.stdout.write('joined\n');
