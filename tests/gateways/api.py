"""An API that trusts its gateway: it answers with what it was told."""
import http.server
import json
import sys


class Api(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        told = {name: self.headers.get_all(name) for name in ("X-Client-Id", "X-Scope", "X-Token-Id")}
        body = json.dumps({"path": self.path, "told": told}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Api).serve_forever()
