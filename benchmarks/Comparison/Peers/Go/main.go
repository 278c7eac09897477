// The net package as its users write it: a goroutine and a buffer per connection.
// usage: go-net [-deadlines] echo|sink|idle BUFFER_BYTES. Prints its port; ends when standard input closes.
package main

import (
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"strconv"
	"time"
)

var deadlines = flag.Bool("deadlines", false, "move a deadline before each read and write")

const patience = 30 * time.Second

func serve(conn net.Conn, echo bool, size int) {
	defer conn.Close()
	buffer := make([]byte, size)
	for {
		if *deadlines {
			conn.SetReadDeadline(time.Now().Add(patience))
		}
		count, err := conn.Read(buffer)
		if err != nil {
			return
		}
		if !echo {
			continue
		}
		if *deadlines {
			conn.SetWriteDeadline(time.Now().Add(patience))
		}
		if _, err := conn.Write(buffer[:count]); err != nil {
			return
		}
	}
}

func main() {
	flag.Parse()
	size, err := strconv.Atoi(flag.Arg(1))
	if err != nil {
		log.Fatal(err)
	}
	// The backlog is the system's maximum, 4096; accepted sockets send without delay and keep alive every 15 s.
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	go func() {
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	for {
		conn, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go serve(conn, flag.Arg(0) != "sink", size)
	}
}
