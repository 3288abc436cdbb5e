//! A kt plugin in Zig. `kt_plugin.zig` is the header, as `zig translate-c` writes it.
const std = @import("std");
const kt = @import("kt_plugin.zig");

// === the manifest, as an ELF note ===

const manifest = @embedFile("plugin.toml");
const Note = extern struct {
    name_size: u32 = 3,
    size: u32 = manifest.len,
    type: u32 = 1,
    name: [4]u8 = "kt\x00\x00".*,
    content: [manifest.len]u8 = manifest.*,
};
export const kt_manifest_note: Note align(4) linksection(".note.kt") = .{};

// === texts ===

fn str(text: []const u8) kt.kt_str {
    return .{ .ptr = text.ptr, .len = text.len };
}

fn slice(text: kt.kt_str) []const u8 {
    return if (text.len == 0) "" else text.ptr[0..text.len];
}

const Args = struct { name: []const u8 = "" };
const Invocation = struct { path: []const []const u8, args: Args };

const Text = struct { text: []const u8 };
const Output = struct { schema: []const u8, value: Text, view: Text, name_path: []const u8 };
const Failure = struct { id: []const u8, class: []const u8, message: []const u8 };

// === the command ===

/// A call of the host with a message as JSON.
fn send(gpa: std.mem.Allocator, context: *const kt.kt_context, message: anytype) !kt.kt_status {
    const json = try std.json.Stringify.valueAlloc(gpa, message, .{});
    if (@TypeOf(message) == Failure) {
        context.fail.?(context.ctx, str(json));
        return kt.KT_E_FAILED;
    }
    return context.emit.?(context.ctx, kt.KT_EMIT_RESULT, str(json));
}

/// Waits for a signal or the deadline.
fn wait(context: *const kt.kt_context) []const u8 {
    _ = context.emit.?(context.ctx, kt.KT_EMIT_EVENT, str(
        \\{"event":"waiting","message":"waiting"}
    ));
    while (true) {
        switch (context.cancelled.?(context.ctx)) {
            kt.KT_CANCEL_NONE => {},
            kt.KT_CANCEL_INTERRUPT => return "interrupted",
            kt.KT_CANCEL_TERMINATE => return "terminated",
            else => return "unavailable",
        }
        var fds = [_]std.posix.pollfd{.{
            .fd = @intCast(context.cancel_fd.?(context.ctx)),
            .events = std.posix.POLL.IN,
            .revents = 0,
        }};
        // A deadline does not make the descriptor readable.
        _ = std.posix.poll(&fds, 50) catch {};
    }
}

fn greet(gpa: std.mem.Allocator, json: []const u8, context: *const kt.kt_context) !kt.kt_status {
    const options: std.json.ParseOptions = .{ .ignore_unknown_fields = true };
    const invocation = try std.json.parseFromSliceLeaky(Invocation, gpa, json, options);
    const word = invocation.path[invocation.path.len - 1];
    if (std.mem.eql(u8, word, "fail")) {
        return send(gpa, context, Failure{
            .id = "no-greeting",
            .class = "not-found",
            .message = "nobody to greet",
        });
    }
    if (std.mem.eql(u8, word, "wait")) {
        return send(gpa, context, Failure{
            .id = "cancelled",
            .class = wait(context),
            .message = "cancelled",
        });
    }
    const text = try std.fmt.allocPrint(gpa, "hello, {s}", .{invocation.args.name});
    return send(gpa, context, Output{
        .schema = "example.greet/1",
        .value = .{ .text = text },
        .view = .{ .text = try std.fmt.allocPrint(gpa, "{s}\n", .{text}) },
        .name_path = "/text",
    });
}

fn run(_: ?*anyopaque, json: kt.kt_str, context: [*c]const kt.kt_context) callconv(.c) kt.kt_status {
    var arena = std.heap.ArenaAllocator.init(std.heap.page_allocator);
    defer arena.deinit();
    return greet(arena.allocator(), slice(json), context) catch |err| {
        const failure: Failure = .{ .id = "greeter-failed", .class = "plugin", .message = @errorName(err) };
        return send(arena.allocator(), context, failure) catch kt.KT_E_FAILED;
    };
}

// === the entry block ===

const command: kt.kt_command_v1 = .{ .size = @sizeOf(kt.kt_command_v1), .run = run };

fn init(_: [*c]const kt.kt_host, state: [*c]?*anyopaque) callconv(.c) kt.kt_status {
    state.* = null;
    return kt.KT_OK;
}

fn getInterface(_: ?*anyopaque, id: kt.kt_str, _: kt.kt_str) callconv(.c) ?*const anyopaque {
    return if (std.mem.eql(u8, slice(id), "kt.command/1")) &command else null;
}

export const kt_plugin_v1: kt.kt_plugin = .{
    .magic = "KTPLUGIN".*,
    .size = @sizeOf(kt.kt_plugin),
    .abi_major = kt.KT_ABI_MAJOR,
    .abi_minor = kt.KT_ABI_MINOR,
    .name = .{ .ptr = "greeter-zig", .len = "greeter-zig".len },
    .version = .{ .ptr = "1.0.0", .len = "1.0.0".len },
    .init = init,
    .get_interface = getInterface,
};
