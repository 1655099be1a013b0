// The least that could answer an AdmissionReview on Node: node:http, JSON in and out, no decision.
const { createServer } = require('node:http');

createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const { apiVersion, kind, request: asked } = JSON.parse(Buffer.concat(chunks).toString());
    const answer = Buffer.from(JSON.stringify({ apiVersion, kind, response: { uid: asked.uid, allowed: true } }));
    response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': answer.length }).end(answer);
  });
}).listen(Number(process.env.PORT), '127.0.0.1');
