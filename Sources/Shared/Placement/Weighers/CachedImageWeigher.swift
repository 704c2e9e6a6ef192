import Model

/// Prefers machines that have a copy of the request's image.
package struct CachedImageWeigher: PlacementWeigher {
    /// `image_cached`.
    package let name = "image_cached"

    package init() {}

    /// Requests that name an image of which some machines have a copy, and some have none.
    package func concerns(_ request: PlacementRequest, in fleet: FleetSnapshot) -> Bool {
        guard let image = request.image, let holders = fleet.imageHolders[image] else { return false }
        return holders < fleet.count
    }

    /// 0 where the machine has a copy of the image, 1 where one would have to be brought.
    package func weight(
        of row: PMRow,
        at index: Int,
        in fleet: FleetSnapshot,
        for request: PlacementRequest
    ) -> Double {
        guard let image = request.image else { return 0 }
        let isCached =
            ImageSet.holds(image)
            ? fleet.images[index].contains(image) : fleet.entries[index].machine.cachedImages.contains(image)
        return isCached ? 0 : 1
    }
}
