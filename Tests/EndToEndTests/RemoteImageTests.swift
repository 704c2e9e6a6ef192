import Foundation
import TestKit
import Testing

/// An image that lies on another machine, from the image_file to the VM.
@Suite("Images of other machines")
struct RemoteImageTests {
    @Test(
        "A create waits while its image is fetched, and fails with the reason where it cannot be",
        .timeLimit(.minutes(3))
    )
    func waits() async throws {
        let folder = try TemporaryDirectory()
        let release = folder.file("release")
        let shell = """
            case $SSH_ORIGINAL_COMMAND in *'exec dd '*) while [ ! -e '\(release)' ]; do sleep 0.1; done ;; esac
            exec sh -c "$SSH_ORIGINAL_COMMAND"
            """
        let server = try await SSHServer.started(SSHServer.Options(shell: shell))
        let image = folder.file("a disk.raw")
        var disk = [UInt8](repeating: 0, count: 1 << 20)
        (disk[510], disk[511]) = (0x55, 0xAA)
        try Data(disk).write(to: URL(filePath: image))
        // The worker's ssh, with the test's key.
        let bin = folder.file("bin")
        try FileManager.default.createDirectory(atPath: bin, withIntermediateDirectories: false)
        let wrapper = "#!/bin/sh\nexec /usr/bin/ssh -F '\(try server.clientConfig())' \"$@\"\n"
        try Data(wrapper.utf8).write(to: URL(filePath: bin + "/ssh"))
        chmod(bin + "/ssh", 0o700)
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        try await Installation.with(
            machines: [],
            images: ["\(server.address):\(image)", "\(server.address):/nowhere.raw"],
            types: #"{"types": [{"cpu": 1, "ram": 128, "disk": 1}]}"#,
            workers: 1,
            environment: [
                "HVC_FLEET": "simulated:1", "PATH": "\(bin):\(path)", "HVC_IMAGE_CACHE": folder.file("cache"),
            ]
        ) { site, _ in
            try await site.waitUntilUp(1)
            async let created = site.http.call("/vm/create?name=a&instance_type=1&image_id=100")
            try await eventually("the create to wait") {
                try await site.field("hvc:job:1", "last_code") == "image_fetching"
            }
            #expect(try await site.field("hvc:image:100", "state") == "fetching")
            try Data().write(to: URL(filePath: release))
            let answer = try await created
            #expect(answer.status == 200 && answer.body == #"{"vmid":1}"#, "\(answer)")
            #expect(try await site.field("hvc:image:100", "name") == "a disk")

            let refused = try await site.http.call("/vm/create?name=b&instance_type=1&image_id=101")
            #expect(refused.headers["x-hvc-code"] == "image_unusable", "\(refused)")
            #expect(try await site.field("hvc:image:101", "reason")?.contains("is not there") == true)
        }
        try await server.stop()
    }
}
