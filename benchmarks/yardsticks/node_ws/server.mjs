// Node's ws: the loop over all clients of its own documentation. Arguments: the folder that ws is installed in, the template.
import { createRequire } from "node:module";

const [, , folder, template] = process.argv;
const { WebSocketServer } = createRequire(`${folder}/`)("ws");

const server = new WebSocketServer({
  host: "127.0.0.1",
  port: 0,
  backlog: 4096,
  perMessageDeflate: false,
});
let sequence = 0;

function publish() {
  sequence += 1;
  const message = template
    .replace("@SINCE@", String(sequence - 1))
    .replace("@SEQUENCE@", String(sequence));
  for (const client of server.clients) client.send(message);
}

process.stdin.on("data", (beats) => {
  for (let left = beats.length; left > 0; left -= 1) publish();
});
process.stdin.on("end", () => process.exit(0));
server.on("listening", () => {
  process.stdout.write(`${JSON.stringify({ port: server.address().port })}\n`);
});
