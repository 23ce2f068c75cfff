package gate

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
)

// answer reads one request from the far end of the pipe, keeps its bytes, and
// says 200.
func answer(far net.Conn, c *call) {
	defer far.Close()
	var written bytes.Buffer
	request, err := http.ReadRequest(bufio.NewReaderSize(io.TeeReader(far, &written), 1))
	if err != nil {
		return // the near end sees a connection that broke
	}
	if _, err := io.Copy(io.Discard, request.Body); err != nil {
		return
	}
	c.captured = written.Bytes() // before the answer: its reader uses this next
	_, _ = io.WriteString(far, "HTTP/1.1 200 OK\r\nContent-Type: "+contentType+"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
}
