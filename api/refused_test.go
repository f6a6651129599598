package api

import (
	"bufio"
	"bytes"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"
)

// A client that writes its whole body before it reads sees why it was refused, instead of a broken connection.
func TestARefusedBodyIsReadToItsEnd(t *testing.T) {
	d := newDesk(t)
	server := httptest.NewServer(d.server.Handler())
	defer server.Close()
	const size = 6 << 20
	for name, c := range map[string]struct {
		head   string
		status int
	}{
		"too large":            {"POST /v1/hooks/door HTTP/1.1\r\n", http.StatusRequestEntityTooLarge},
		"nobody's":             {"POST /v1/attachments HTTP/1.1\r\n", http.StatusUnauthorized},
		"too large, in pieces": {"POST /v1/hooks/door HTTP/1.1\r\nTransfer-Encoding: chunked\r\n", http.StatusRequestEntityTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.DialTimeout("tcp", server.Listener.Addr().String(), 5*time.Second)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
			body := bytes.Repeat([]byte("x"), size)
			head := c.head + "Host: desk\r\n"
			if bytes.Contains([]byte(head), []byte("chunked")) {
				body = append(append([]byte(strconv.FormatInt(size, 16)+"\r\n"), body...), "\r\n0\r\n\r\n"...)
			} else {
				head += "Content-Length: " + strconv.Itoa(size) + "\r\n"
			}
			if _, err := conn.Write(append([]byte(head+"\r\n"), body...)); err != nil {
				t.Fatalf("the body could not be sent: %v", err)
			}
			res, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			if res.StatusCode != c.status {
				t.Fatalf("status %d, want %d", res.StatusCode, c.status)
			}
		})
	}
}

// The scheme's name is written in any case (RFC 9110 §11.1).
func TestBearerInAnyCase(t *testing.T) {
	d := newDesk(t)
	for _, scheme := range []string{"bearer ", "BEARER "} {
		d.Do(call{method: "GET", path: "/v1/me", header: map[string]string{"Authorization": scheme + d.tokens["agent"]}}).Want(200)
	}
	d.Do(call{method: "GET", path: "/v1/me", header: map[string]string{"Authorization": "Basic " + d.tokens["agent"]}}).Problem(401, "unauthorized")
}
