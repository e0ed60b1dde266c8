// A Bitcoin node on a chain of its own (regtest, in memory), with the transactions that the tests ask about.
// Arguments: the folder of node_modules, the port of JSON-RPC, the API key. Prints `ready` and runs on.
'use strict';

process.env.NODE_BACKEND = 'js'; // nothing native is built here

const Module = require('module');
const path = require('path');
const [modules, port, apiKey] = process.argv.slice(2);

// The database on disk has no other form, and a chain in memory does not need it.
const load = Module._load;
Module._load = function (name, ...rest) {
  return name === 'leveldown' ? {} : load.call(this, name, ...rest);
};

const bcoin = require(path.join(modules, 'bcoin'));
const { FullNode, KeyRing, MTX, Script } = bcoin;

// Plain addresses: witnesses are not in force yet on so short a chain.
const key = (byte) => KeyRing.fromPrivate(Buffer.alloc(32, byte), true);

async function main() {
  const node = new FullNode({
    network: 'regtest', memory: true, listen: false, noDns: true, apiKey,
    httpHost: '127.0.0.1', httpPort: Number(port), port: Number(port) + 1,
  });
  await node.open();
  const miner = key(7), other = key(8);
  node.miner.addresses = [miner.getAddress()];
  const mine = async () => {
    const block = await node.miner.mineBlock();
    await node.chain.add(block);
    return block;
  };
  const first = await mine();
  for (let number = 2; number <= 105; number++) await mine();

  const coin = first.txs[0], spend = new MTX();
  spend.addTX(coin, 0);
  spend.addOutput({ address: other.getAddress(), value: 1 });
  spend.addOutput({ script: Script.fromNulldata(Buffer.from('nothing')), value: 0 });
  spend.addOutput({ script: Script.fromMultisig(1, 2, [miner.publicKey, other.publicKey]), value: 29000000 });
  spend.addOutput({ address: miner.getAddress(), value: coin.outputs[0].value - 1 - 29000000 - 1000 });
  spend.sign(miner);
  const job = await node.miner.cpu.createJob(); // block 106 holds the transaction, dust and all
  job.addTX(spend.toTX(), spend.view);
  job.refresh();
  await node.chain.add(await job.mineAsync());
  for (let number = 107; number <= 112; number++) await mine();
  console.log('ready');
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
