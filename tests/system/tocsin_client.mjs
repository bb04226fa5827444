// Our own client, from its sources, told what to do by a test; started by tests/system/node.py.
import { WebSocketManager } from '../../clients/js/src/index.ts';
import { listen, tell } from '../node/lines.mjs';

const { url, options } = JSON.parse(process.argv[2]);
const manager = new WebSocketManager(url, options);

manager.onLink((change) => tell({ what: 'link', ...change }));
manager.onRubbish((_data, reason) => tell({ what: 'rubbish', reason }));
manager.onAny((message) => tell({ what: 'message', ...message }));

listen(({ run, args = [] }) => {
  tell({ what: 'result', run, result: manager[run](...args) });
});
tell({ what: 'running' });
