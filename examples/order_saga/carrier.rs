//! The carrier: a CSV file says where it goes, and a folder holds the labels of the parcels it has been given.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

pub(crate) struct Carrier {
    /// A CSV file with `postcode` (how it begins), `zone` and `days`.
    pub(crate) zones: PathBuf,
    /// The folder with the labels.
    pub(crate) parcels: PathBuf,
}

/// A parcel on its way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Parcel {
    pub(crate) label: PathBuf,
    pub(crate) zone: String,
    pub(crate) days: u32,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum CarrierError {
    #[error("the zones in `{}` cannot be read", .file.display())]
    Zones { file: PathBuf, source: csv::Error },
    #[error("there is no postcode of five digits in the address `{address}`")]
    NoPostcode { address: String },
    #[error("nobody delivers to {postcode}")]
    NoZone { postcode: String },
    #[error("`{}` cannot be written", .file.display())]
    Label { file: PathBuf, source: io::Error },
}

#[derive(Deserialize)]
struct Zone {
    postcode: String,
    zone: String,
    days: u32,
}

impl Carrier {
    /// Hands a parcel over. A second time the label is only written again.
    pub(crate) fn ship(&self, order: &str, address: &str, content: &str) -> Result<Parcel, CarrierError> {
        let digits = |word: &&str| word.len() == 5 && word.chars().all(|c| c.is_ascii_digit());
        let postcode = address.split(|c: char| !c.is_alphanumeric()).find(digits);
        let postcode = postcode.ok_or_else(|| CarrierError::NoPostcode { address: address.to_owned() })?;
        let unreadable = |source| CarrierError::Zones { file: self.zones.clone(), source };
        let mut reader = csv::Reader::from_path(&self.zones).map_err(unreadable)?;
        let zones: Vec<Zone> = reader.deserialize().collect::<Result<_, _>>().map_err(unreadable)?;
        let found = zones.into_iter().find(|zone| postcode.starts_with(&zone.postcode));
        let Some(Zone { zone, days, .. }) = found else {
            return Err(CarrierError::NoZone { postcode: postcode.to_owned() });
        };
        let label = self.parcels.join(format!("{order}.txt"));
        let half = label.with_extension("part");
        let text = format!("{address}\n\n{content}\nzone {zone}, {days} days\n");
        let written = fs::create_dir_all(&self.parcels)
            .and_then(|()| fs::write(&half, text))
            .and_then(|()| fs::rename(&half, &label));
        written.map_err(|source| CarrierError::Label { file: label.clone(), source })?;
        Ok(Parcel { label, zone, days })
    }

    /// Takes a parcel back, if it is there.
    pub(crate) fn recall(label: &Path) -> Result<(), CarrierError> {
        match fs::remove_file(label) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            done => done.map_err(|source| CarrierError::Label { file: label.to_path_buf(), source }),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let folder = tempfile::tempdir().unwrap();
        let carrier = Carrier { zones: flow_examples::data_file("zones.csv"), parcels: folder.path().join("parcels") };
        let ship = |address: &str| carrier.ship("order-1", address, "3 lamp").map_err(|error| error.to_string());
        let parcel = ship("Ann, 1 Mill Lane, 01069 Dresden").unwrap();
        assert_eq!((&*parcel.zone, parcel.days), ("east", 2));
        assert_eq!(ship("Ann, 1 Mill Lane, 01069 Dresden").unwrap(), parcel);
        assert!(fs::read_to_string(&parcel.label).unwrap().contains("3 lamp"));
        assert_eq!(ship("nowhere").unwrap_err(), "there is no postcode of five digits in the address `nowhere`");
        assert_eq!(ship("99999 Far").unwrap_err(), "nobody delivers to 99999");
        Carrier::recall(&parcel.label).unwrap();
        Carrier::recall(&parcel.label).unwrap();
        assert!(!parcel.label.exists());
    }
}
