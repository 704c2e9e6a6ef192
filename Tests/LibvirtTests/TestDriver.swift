import Foundation
import Libvirt

/// libvirt's test driver within this process, and XML for it.
enum TestDriver {
    /// Opens a host of this test's own: the driver makes one for each connection that names a file.
    ///
    /// - Parameters:
    ///   - directory: Where the file goes.
    ///   - memoryKiB: How much memory the host has.
    /// - Returns: The connection.
    /// - Throws: What writing the file and opening throw.
    static func open(in directory: String, memoryKiB: Int = 8_388_608) async throws -> Connection {
        let path = "\(directory)/node.xml"
        let xml = """
            <node>
              <cpu><mhz>2000</mhz><model>i686</model><active>12</active>
                <nodes>1</nodes><sockets>3</sockets><cores>4</cores><threads>1</threads></cpu>
              <memory>\(memoryKiB)</memory>
              <pool type='dir'><name>disks</name>
                <capacity>1000000000</capacity><available>1000000000</available>
                <target><path>/disks</path></target></pool>
              <network><name>default</name></network>
            </node>
            """
        try Data(xml.utf8).write(to: URL(filePath: path))
        let threads = BlockingThreads(name: "test-driver", limit: 2)
        return try await Connection.open("test://\(path)", threads: threads, deadline: .seconds(10))
    }

    /// The XML of a domain.
    static func domain(_ name: String, uuid: UUID = UUID(), type: String = "test", metadata: String = "") -> String {
        """
        <domain type='\(type)'><name>\(name)</name><uuid>\(uuid.uuidString)</uuid><metadata>\(metadata)</metadata>
        <memory unit='MiB'>64</memory><vcpu>3</vcpu><os><type>hvm</type></os></domain>
        """
    }

    /// The XML of a volume.
    static func volume(_ name: String, capacity: Int = 1 << 20, format: String = "raw") -> String {
        """
        <volume><name>\(name)</name><capacity>\(capacity)</capacity><allocation>0</allocation>
        <target><format type='\(format)'/></target></volume>
        """
    }
}

extension Connection {
    /// Runs with a deadline that no call of these tests comes near.
    func run<Value: Sendable>(_ body: @escaping @Sendable (Session) throws -> Value) async throws -> Value {
        try await run(deadline: .seconds(60), body)
    }
}
