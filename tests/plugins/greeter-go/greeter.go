// A kt plugin in Go. The entry block is in plugin.c: it is data, which cgo cannot export.
package main

// #include "plugin.h"
import "C"

import (
	"encoding/json"
	"fmt"
	"syscall"
	"time"
	"unsafe"
)

type invocation struct {
	Path []string `json:"path"`
	Args struct {
		Name string `json:"name"`
		In   string `json:"in"`
	} `json:"args"`
}

type text struct {
	Text string `json:"text"`
}

type result struct {
	Schema   string `json:"schema"`
	Value    text   `json:"value"`
	View     text   `json:"view"`
	NamePath string `json:"name_path"`
}

type failure struct {
	ID      string `json:"id"`
	Class   string `json:"class"`
	Message string `json:"message"`
}

func (f failure) Error() string { return f.Message }

// emit passes a message to the host.
func emit(context *C.kt_context, kind C.uint32_t, message any) (C.kt_status, error) {
	bytes, err := json.Marshal(message)
	if err != nil {
		return C.KT_E_FAILED, err
	}
	return C.host_emit(context, kind, (*C.char)(unsafe.Pointer(&bytes[0])), C.size_t(len(bytes))), nil
}

// fail passes an error to the host.
func fail(context *C.kt_context, err error) C.kt_status {
	body, ok := err.(failure)
	if !ok {
		body = failure{"greeter-failed", "plugin", err.Error()}
	}
	bytes, err := json.Marshal(body)
	if err != nil {
		return C.KT_E_FAILED
	}
	C.host_fail(context, (*C.char)(unsafe.Pointer(&bytes[0])), C.size_t(len(bytes)))
	return C.KT_E_FAILED
}

// wait returns the class of a cancellation.
func wait(context *C.kt_context) (string, error) {
	event := map[string]string{"event": "waiting", "message": "waiting"}
	if _, err := emit(context, C.KT_EMIT_EVENT, event); err != nil {
		return "", err
	}
	for {
		switch C.host_cancelled(context) {
		case C.KT_CANCEL_NONE:
		case C.KT_CANCEL_INTERRUPT:
			return "interrupted", nil
		case C.KT_CANCEL_TERMINATE:
			return "terminated", nil
		default:
			return "unavailable", nil
		}
		// A deadline does not make the descriptor readable.
		fd := int(C.host_cancel_fd(context))
		var set syscall.FdSet
		set.Bits[fd/64] |= 1 << (uint(fd) % 64)
		timeout := syscall.NsecToTimeval(int64(50 * time.Millisecond))
		_, _ = syscall.Select(fd+1, &set, nil, nil, &timeout)
	}
}

func greet(request invocation, context *C.kt_context) (C.kt_status, error) {
	switch request.Path[len(request.Path)-1] {
	case "fail":
		return 0, failure{"no-greeting", "not-found", "nobody to greet"}
	case "wait":
		class, err := wait(context)
		if err != nil {
			return 0, err
		}
		return 0, failure{"cancelled", class, "cancelled"}
	case "fault":
		if request.Args.In == "c" {
			C.fault()
		}
		var nothing *invocation
		return 0, failure{"unreachable", "plugin", nothing.Args.Name}
	}
	greeting := "hello, " + request.Args.Name
	return emit(context, C.KT_EMIT_RESULT, result{
		Schema:   "example.greet/1",
		Value:    text{greeting},
		View:     text{greeting + "\n"},
		NamePath: "/text",
	})
}

// A panic must not reach the Go runtime: it would end the process.
//
//export greeterRun
func greeterRun(request *C.char, length C.size_t, context *C.kt_context) (status C.kt_status) {
	defer func() {
		if reason := recover(); reason != nil {
			status = fail(context, failure{"panic", "plugin", fmt.Sprint(reason)})
		}
	}()
	var parsed invocation
	if err := json.Unmarshal(C.GoBytes(unsafe.Pointer(request), C.int(length)), &parsed); err != nil {
		return fail(context, err)
	}
	status, err := greet(parsed, context)
	if err != nil {
		return fail(context, err)
	}
	return status
}

func main() {}
