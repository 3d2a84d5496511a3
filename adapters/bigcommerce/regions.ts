// Names as BigCommerce's own list of states has them; codes of ISO 3166-2 without the country.
// Countries whose carriers and rules go by the code. Anywhere else the name stays as it is.
const REGIONS: Readonly<Record<string, string>> = {
  AU: 'ACT Australian Capital Territory|NSW New South Wales|NT Northern Territory|QLD Queensland|SA South Australia|TAS Tasmania|VIC Victoria|WA Western Australia',
  CA: [
    'AB Alberta|BC British Columbia|MB Manitoba|NB New Brunswick|NL Newfoundland and Labrador|NS Nova Scotia|NT Northwest Territories|NU Nunavut|ON Ontario',
    'PE Prince Edward Island|QC Quebec|SK Saskatchewan|YT Yukon',
  ].join('|'),
  US: [
    'AL Alabama|AK Alaska|AS American Samoa|AZ Arizona|AR Arkansas|AA Armed Forces Americas|AE Armed Forces Europe|AP Armed Forces Pacific|CA California|CO Colorado',
    'CT Connecticut|DE Delaware|DC District of Columbia|FL Florida|GA Georgia|GU Guam|HI Hawaii|ID Idaho|IL Illinois|IN Indiana|IA Iowa|KS Kansas|KY Kentucky|LA Louisiana',
    'ME Maine|MD Maryland|MA Massachusetts|MI Michigan|MN Minnesota|MS Mississippi|MO Missouri|MT Montana|NE Nebraska|NV Nevada|NH New Hampshire|NJ New Jersey|NM New Mexico',
    'NY New York|NC North Carolina|ND North Dakota|MP Northern Mariana Islands|OH Ohio|OK Oklahoma|OR Oregon|PA Pennsylvania|PR Puerto Rico|RI Rhode Island|SC South Carolina',
    'SD South Dakota|TN Tennessee|TX Texas|UT Utah|VT Vermont|VI Virgin Islands|VA Virginia|WA Washington|WV West Virginia|WI Wisconsin|WY Wyoming',
  ].join('|'),
};

const codes = new Map(
  Object.entries(REGIONS).map(([country, regions]) => [
    country,
    new Map(
      regions.split('|').map((region) => {
        const [code = '', ...name] = region.split(' ');
        return [name.join(' ').toLowerCase(), code] as const;
      }),
    ),
  ]),
);

/** The code of a state that is given by name, where its country goes by codes; else the name. */
export function regionOf(state: string, country: string): string {
  return codes.get(country)?.get(state.trim().toLowerCase()) ?? state;
}
